"""Every component in every state, to look at while building: in development, the demo and the tests alone."""

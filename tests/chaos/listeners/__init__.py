"""An app of the tests' own: real second processes have to hear of the tests' facts."""

"""How is this process configured? The only place that reads the environment.

`base` is shared; `dev` serves development and the demo, `test` the test suite, `production` refuses to start half-made.
"""

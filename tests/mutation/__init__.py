"""Would a test notice? Each condition of the policy modules and of the walls' SQL is taken away, one at a time."""

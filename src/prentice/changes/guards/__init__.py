"""What speaks against a change that can be carried out: each guard is a small function of one file and the policy."""

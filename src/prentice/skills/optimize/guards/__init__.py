"""The guards that every rewrite passes, in code: nothing made up, nothing lost, the contract kept, and no answer."""

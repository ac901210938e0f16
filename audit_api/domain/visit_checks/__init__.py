"""Quality checks of a submitted visit: each a small file; they note, and never lose or refuse what a phone sends."""

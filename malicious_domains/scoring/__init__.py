"""Files and logs of names: a row in, a row out, by several processes."""

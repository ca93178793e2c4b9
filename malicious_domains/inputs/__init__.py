"""Files of names: opened whatever their compression and encoding, and read as rows."""

"""DNS logs in, infected clients out."""

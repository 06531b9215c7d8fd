"""A proxy that changes nothing: it stands before a coordinator, and sees and judges what passes."""

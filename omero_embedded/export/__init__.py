"""Images as files that other programs read: OME-XML and OME-TIFF."""

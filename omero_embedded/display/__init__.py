"""How images are shown: facts about their pixels, stored rendering settings, lookup tables, thumbnails."""

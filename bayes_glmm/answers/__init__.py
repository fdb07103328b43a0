"""From a fitted tree to answers, without PyMC."""

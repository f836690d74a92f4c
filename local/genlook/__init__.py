"""Stand-in of the Genlook Virtual Try-On API for one machine; never deployed."""

"""The catalogue: the shop's products, and what Genlook has of them."""

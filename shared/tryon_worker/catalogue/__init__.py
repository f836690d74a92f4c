"""The catalogue: what the shop says of its products, and what Genlook has of them."""

"""What a fit leaves: draws with their model, and files of them."""

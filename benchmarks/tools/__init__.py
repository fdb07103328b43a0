"""Starting contenders in processes of their own, and tables of what they did."""

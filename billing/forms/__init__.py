"""What people type, read and checked: about money, and about who pays."""

"""The pages of the staff: bills and money, and who pays."""

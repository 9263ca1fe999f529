"""What is owed, by whom, and has it been paid?

Charges, invoices, claims, payments and balances.
"""

"""What the plan and the budget are worth, in virtual time, against the published advice."""

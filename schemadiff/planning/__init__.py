"""Operations -> a plan: statements in order, and the hazards of each. Pure."""

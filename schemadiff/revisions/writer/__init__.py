"""Operations -> the source text of a revision file. Pure."""

"""招待: a guardian's first sign-in, by a code on paper that the school prints."""

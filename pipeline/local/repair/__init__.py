"""Puts in order what only a person may decide about: what is damaged, orphaned or half there.

Nothing is deleted: what is in the way goes to `runs/<model>.set-aside/<time>/`. What a run can put
in order by itself when it starts, `pipeline.local.recovery` does.
"""

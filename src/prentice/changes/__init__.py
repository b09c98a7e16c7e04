"""From a model's words to a diff: edit formats, matching, guards.

Pure: knows no disk, clock, network or model; a reply and the contents of files in, a change or a refusal out.

    ask = Ask(format=Format.SEARCH_REPLACE, targets=(Target(path="a.py"),), markers=markers_for(contents))
    instructions(ask)                    the text that tells a model how to answer
    parsed = parse(reply, ask=ask)       its edits, and what of the reply was not understood
    resolve(parsed.edits, snapshot)      `Change` (every edit placed, all computed) or `Refusal` (nothing is)
    guard(change, policy=policy)         objections, each one that refuses or one that a person may overrule
    change.diff(), .digest, .hunks(), .only(..), normal_form(change)

An edit is placed where its lines stand in the file it names, and in one place only. When a reply shows that its white
space or its punctuation is not the file's, its new lines are corrected only where the correction is certain; what is
left in doubt is refused, with the nearest lines, in words that can go back to the model.
"""

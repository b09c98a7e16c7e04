"""Reading a model's reply: edits in any of the formats, with prose, fences and slips around; in linear time."""

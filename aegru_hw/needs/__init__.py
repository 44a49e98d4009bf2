"""What the steps need of the machine: tools, packages, folders; told before the work begins.

A leaf: it imports none of what it looks for, so that it works where much is missing.
"""

"""What a picture of a computation graph shows, before Graphviz or Mermaid draws it.

`walk.py` finds the nodes, `known.py` what is known of them (numbers, gradients, bytes),
`folding.py` decides which of them share a box, `drawing.py` writes the boxes and arrows,
`themes.py` has the colours. `mermaid.py` writes all that as Mermaid text, `../render.py` as DOT.
"""

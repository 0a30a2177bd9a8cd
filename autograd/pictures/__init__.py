"""The content of a picture of a computation graph, before Graphviz or Mermaid draws it.

`walk.py` finds the nodes; `known.py` collects their numbers, gradients and bytes; `folding.py`
decides which nodes share a box, and `ways.py` which boxes an arrow joins; `labels.py` writes the
text in a box and `drawing.py` puts boxes and arrows together, as the data of `picture.py`.
`mermaid.py` turns these into Mermaid text, `../render.py` into DOT, both in the colours of
`themes.py`.
"""

"""Tests that may be looked at whenever one likes: e-processes and confidence sequences, in log space, on numpy and scipy (issue 15).

An e-process is a number E that starts at 1 and, while its null hypothesis is true, is at most 1 on average whenever one stops. So it
reaches 1/alpha at any time with probability alpha at most (Ville 1939), however often it is looked at. A null is rejected when it does.
"""

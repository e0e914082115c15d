"""Steps of a workflow that a build may lack, pinned as our own workflows pin them."""

CHECKOUT_WITH_HISTORY = """\
- uses: actions/checkout@df4cb1c069e1874edd31b4311f1884172cec0e10 # v6.0.3
  with:
    fetch-depth: 0
    persist-credentials: false"""

SETUP_PYTHON = """\
- uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0
  with:
    python-version: "3.13\""""

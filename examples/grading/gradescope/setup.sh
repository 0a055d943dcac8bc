#!/usr/bin/env bash
# Gradescope runs this once, when the autograder is made.
apt-get install -y python3 python3-pip python3-venv
python3 -m venv /autograder/venv
/autograder/venv/bin/pip install /autograder/source/*.whl python-flint # the wheel of micrograd-lab lies beside this file

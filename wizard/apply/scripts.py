"""What is done inside the hand-over pod, as POSIX shell for any image's /bin/sh. Contents travel on its standard input.

On the claim, beside the session files: `.photosync-staging/` (a new pair while it is proved), `.photosync-journal` (its
presence says that the move has begun and has to be completed), `.photosync-previous/` (the pair before),
`.photosync-attended` (another icloudpd writes into the pair in place; what it leaves has to be proved or put back), and
`.photosync-held` (the pod through which a wizard that is alive works just now).
"""

from __future__ import annotations

import secrets

SHELL = ("/bin/sh", "-s", "--")
STAGING = ".photosync-staging"
JOURNAL = ".photosync-journal"
PREVIOUS = ".photosync-previous"
ATTENDED = ".photosync-attended"
HELD = ".photosync-held"

_HEAD = f"""\
set -eu
umask 077
cd "$1"
name=$2
stage={STAGING} journal={JOURNAL} previous={PREVIOUS} attended={ATTENDED}
"""

_MOVE = """\
mkdir -p "$previous"
for file in "$name" "$name.session"; do
  if [ -e "$stage/$file" ]; then
    if [ -e "$file" ]; then
      cp -p "$file" "$previous/.$file"
      mv -f "$previous/.$file" "$previous/$file"
    fi
    mv -f "$stage/$file" "$file"
  fi
done
sync "$name" "$name.session" . 2>/dev/null || true
rm -f "$journal" "$attended"
rm -rf "$stage"
"""

_RECOVER = (
    """\
rm -f "$journal.new"
if [ -e "$journal" ]; then
  moving=$(cat "$journal")
  wanted=$name
  name=$moving
"""
    + _MOVE
    + """\
  name=$wanted
  echo completed
elif [ -e "$stage" ]; then
  rm -rf "$stage"
  echo undone
fi
"""
)

_LOOK = """\
for file in "$name" "$name.session"; do
  if [ -e "$file" ]; then echo "file $(stat -c '%s %u %g %a %Y' "$file")"; else echo missing; fi
done
if [ -e "$previous/$name" ] && [ -e "$previous/$name.session" ]; then echo previous; fi
if [ -e "$attended" ]; then echo attended; fi
"""

RECOVER_AND_LOOK = _HEAD + _RECOVER + _LOOK + "exit 0\n"
"""Args: directory, name. Completes or undoes a move that was cut off, then describes what is there."""

READ = 'set -eu\ncd "$1"\ncat "./$2"\nexit 0\n'
"""Args: directory, file. The file's content on standard output."""

COPY_LIVE = (
    _HEAD
    + """\
rm -rf "$stage"
mkdir "$stage"
cp -p "$name" "$name.session" "$stage/"
exit 0
"""
)
"""Args: directory, name. Stages a copy of the pair that is there, to be proved without touching it."""

COMMIT = (
    _HEAD
    + """\
[ -s "$stage/$name" ] && [ -s "$stage/$name.session" ] || exit 3
printf '%s' "$name" > "$journal.new"
mv -f "$journal.new" "$journal"
sync . 2>/dev/null || true
"""
    + _MOVE
    + "exit 0\n"
)
"""Args: directory, name. Moves the staged pair into place by the journal; the pair before is kept."""

EMPTY_STAGING = _HEAD + 'rm -rf "$stage"\nmkdir "$stage"\nexit 0\n'
"""Args: directory, name. An empty staging folder."""

DISCARD = _HEAD + 'rm -rf "$stage"\nexit 0\n'
"""Args: directory, name. Forgets the staged pair."""

RESTORE = (
    _HEAD
    + """\
[ -s "$previous/$name" ] && [ -s "$previous/$name.session" ] || exit 3
rm -rf "$stage"
mkdir "$stage"
cp -p "$previous/$name" "$previous/$name.session" "$stage/"
printf '%s' "$name" > "$journal.new"
mv -f "$journal.new" "$journal"
"""
    + _MOVE
    + "exit 0\n"
)
"""Args: directory, name. Puts the pair before back into place, by the same journal."""

KEEP = (
    _HEAD
    + """\
if [ -e "$attended" ]; then exit 0; fi
rm -rf "$previous"
if [ -s "$name" ] && [ -s "$name.session" ]; then
  mkdir "$previous"
  cp -p "$name" "$name.session" "$previous/"
fi
sync . 2>/dev/null || true
printf '' > "$attended"
exit 0
"""
)
"""Args: directory, name. Keeps a copy of the pair, and notes that another icloudpd may write into it from now on.

A copy that an earlier start has kept, and neither settled nor taken back, is the good one.
"""

SETTLE = _HEAD + 'rm -f "$attended"\nexit 0\n'
"""Args: directory, name. What the other icloudpd has written is good."""

TAKE_BACK = (
    _HEAD
    + """\
if [ -s "$previous/$name" ] && [ -s "$previous/$name.session" ]; then
  rm -rf "$stage"
  mkdir "$stage"
  cp -p "$previous/$name" "$previous/$name.session" "$stage/"
  printf '%s' "$name" > "$journal.new"
  mv -f "$journal.new" "$journal"
  rm -f "$name" "$name.session"
"""
    + _MOVE
    + """\
fi
rm -f "$attended"
exit 0
"""
)
"""Args: directory, name. Puts the kept pair back in place of what the other icloudpd has written."""


HOLD = f"""\
cd "$1" || exit 1
umask 077
printf '%s' "$2" > {HELD} || exit 1
echo {HELD}
cat > /dev/null
rm -f {HELD}
"""
"""Args: directory, pod. The pod counts as held until the standard input ends, as it does when whoever holds it dies."""

LET_GO = f'cd "$1"\nrm -f {HELD}\nexit 0\n'
"""Args: directory. The pod is no longer held."""

IS_HELD = f"""\
cd "$1" || exit 0
if [ -e {HELD} ] && [ "$(cat {HELD})" = "$2" ]; then echo {HELD}; fi
exit 0
"""
"""Args: directory, pod. Says whether the pod is held."""


def stage(jar: str, session: str) -> str:
    """A script that writes the pair into the staging folder, 0600, owned as the files in place are. Args: directory, name.

    The texts stand in here-documents whose end mark occurs in neither; nothing of them is ever on a command line.
    """
    mark = f"END-{secrets.token_hex(16)}"
    return (
        _HEAD
        + 'rm -rf "$stage"\nmkdir "$stage"\n'
        + f"cat > \"$stage/$name\" <<'{mark}'\n{_ended(jar)}{mark}\n"
        + f"cat > \"$stage/$name.session\" <<'{mark}'\n{_ended(session)}{mark}\n"
        + """\
chmod 600 "$stage/$name" "$stage/$name.session"
for file in "$name" "$name.session"; do
  if [ -e "$file" ]; then chown "$(stat -c '%u:%g' "$file")" "$stage/$file"; fi
done
exit 0
"""
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"

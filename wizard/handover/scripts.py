"""What is done inside the hand-over pod, as POSIX shell for any image's /bin/sh. Contents travel on its standard input.

On the claim, beside the session files: `.photosync-staging/` (a new pair while it is proved), `.photosync-journal` (its
presence says that the move has begun and has to be completed), `.photosync-unproved/` (a pair that Apple has given and of which
nobody knows yet whether icloudpd accepts it), `.photosync-previous/` (the pair before; it grows up as
`.photosync-previous.new/`), `.photosync-attended` (another icloudpd writes into the pair in place; what it leaves has to be
proved or undone; it holds the word "keyring" when the keyring file that it leaves has to go then, and "fresh" when there was
no file of a pair before), and `.photosync-held` (the pod through
which a wizard that is alive works just now).

What a name points to is on the disk before the name is: the journal comes after the files that it speaks of, and a file that
a power cut has emptied all the same is not moved.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterable

from wizard.icloudpd.session_folder import PREVIOUS, STAGING

SHELL = ("/bin/sh", "-s", "--")
JOURNAL = ".photosync-journal"
UNPROVED = ".photosync-unproved"
ATTENDED = ".photosync-attended"
HELD = ".photosync-held"
KEYRING = "python_keyring/keyring_pass.cfg"
"""Below a data home: where icloudpd's keyring provider keeps passwords in a container (keyrings.alt, PlaintextKeyring)."""

_END = "exit 0\n"
_HEAD = f"""\
set -eu
umask 077
cd "$1"
name=$2
stage={STAGING} journal={JOURNAL} previous={PREVIOUS} unproved={UNPROVED} attended={ATTENDED}
"""

_JOURNAL = """\
printf '%s' "$name" > "$journal.new"
sync "$stage/$name" "$stage/$name.session" "$stage" "$journal.new" 2>/dev/null || sync
mv -f "$journal.new" "$journal"
sync . 2>/dev/null || sync
"""

_MOVE = """\
if [ -e "$previous.new" ]; then
  if rm -rf "$previous"; then mv -f "$previous.new" "$previous"; else rm -rf "$previous.new"; fi
fi
for file in "$name" "$name.session"; do
  if [ -e "$stage/$file" ]; then mv -f "$stage/$file" "$file"; fi
done
sync "$name" "$name.session" . 2>/dev/null || sync
rm -f "$journal" "$attended"
rm -rf "$stage"
"""

_STAGE_PREVIOUS = """\
mkdir -p "$stage"
for file in "$name" "$name.session"; do
  cp -p "$previous/$file" "$stage/.$file"
  mv -f "$stage/.$file" "$stage/$file"
done
"""

_RECOVER = (
    """\
rm -f "$journal.new"
if [ -e "$journal" ]; then
  wanted=$name
  name=$(cat "$journal")
  if [ -z "$name" ]; then name=$wanted; fi
  outcome=completed
  for file in "$name" "$name.session"; do
    if [ -e "$stage/$file" ]; then
      if [ ! -s "$stage/$file" ]; then outcome=undone; fi
    elif [ ! -s "$file" ]; then
      outcome=undone
    fi
  done
  if [ "$outcome" = undone ]; then
    unmoved=
    if [ -e "$stage/$name" ] && [ -e "$stage/$name.session" ] && [ ! -e "$attended" ]; then unmoved=unmoved; fi
    if [ -n "$unmoved" ] && [ -s "$name" ] && [ -s "$name.session" ]; then
      rm -rf "$stage" "$previous.new"
    elif [ -s "$previous/$name" ] && [ -s "$previous/$name.session" ]; then
      rm -f "$name" "$name.session"
"""
    + _STAGE_PREVIOUS
    + """\
    else
      rm -rf "$stage"
    fi
  fi
"""
    + _MOVE
    + """\
  name=$wanted
  echo "$outcome"
elif [ -e "$stage" ]; then
  rm -rf "$stage"
  echo undone
fi
rm -rf "$previous.new" "$unproved.new"
"""
)

_LOOK = """\
pair=pair
for file in "$name" "$name.session"; do
  if [ -s "$file" ] && [ -r "$file" ] && [ -w "$file" ]; then true; else pair=; fi
done
if [ -n "$pair" ]; then echo pair; fi
if [ -e "$attended" ]; then echo attended; fi
if [ -s "$unproved/$name" ] && [ -s "$unproved/$name.session" ]; then echo unproved; fi
"""

RECOVER_AND_LOOK = _HEAD + _RECOVER + _LOOK + "exit 0\n"
"""Args: directory, name. Completes or undoes a move that was cut off, then describes what is there.

A pair counts when whoever runs here can read both files and write them: icloudpd has to do both.
"""

FIND_PROGRAM = """\
for program in "$1" /app/icloudpd /opt/icloudpd/bin/icloudpd; do
  if command -v "$program" > /dev/null; then echo "$program"; exit 0; fi
done
if command -v /app/icloudpd_ex > /dev/null; then echo /app/icloudpd_ex; echo icloudpd; fi
exit 0
"""
"""Args: path or name. How that program is called here, else icloudpd where its images have it: a word a line, or nothing."""

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

_GIVE = """\
chmod 600 "$stage/$name" "$stage/$name.session"
if [ "$(id -u)" = 0 ]; then
  for file in "$name" "$name.session"; do
    like=$file
    if [ ! -e "$like" ]; then like=.; fi
    chown "$(stat -c '%u:%g' "$like")" "$stage/$file"
  done
fi
"""

_KEEP_AS_NEW = """\
rm -rf "$previous.new"
if [ -s "$name" ] && [ -r "$name" ] && [ -s "$name.session" ] && [ -r "$name.session" ]; then
  mkdir "$previous.new"
  cp -p "$name" "$name.session" "$previous.new/"
  sync "$previous.new/$name" "$previous.new/$name.session" "$previous.new" 2>/dev/null || sync
fi
"""

COMMIT = (
    _HEAD
    + """\
[ -s "$stage/$name" ] && [ -s "$stage/$name.session" ] || exit 3
"""
    + _GIVE
    + _KEEP_AS_NEW
    + _JOURNAL
    + _MOVE
    + 'rm -rf "$unproved"\nexit 0\n'
)
"""Args: directory, name. Moves the staged pair into place by the journal; the pair before is kept, if it can be read.

Root gives the files to whoever owns those in place, or the folder where there are none: an image may start icloudpd as
somebody else. Anybody else is that somebody.
"""

SET_ASIDE = (
    _HEAD
    + """\
rm -rf "$unproved.new"
mkdir "$unproved.new"
cp -p "$stage/$name" "$stage/$name.session" "$unproved.new/"
sync "$unproved.new/$name" "$unproved.new/$name.session" "$unproved.new" 2>/dev/null || sync
rm -rf "$unproved"
mv -f "$unproved.new" "$unproved"
exit 0
"""
)
"""Args: directory, name. Keeps a copy of the staged pair until it is known whether icloudpd accepts it."""

STAGE_UNPROVED = (
    _HEAD
    + """\
rm -rf "$stage"
mkdir "$stage"
cp -p "$unproved/$name" "$unproved/$name.session" "$stage/"
exit 0
"""
)
"""Args: directory, name. Stages the pair that was set aside."""

FORGET_UNPROVED = _HEAD + 'rm -rf "$unproved"\nexit 0\n'
"""Args: directory, name. icloudpd does not accept the pair that was set aside."""

EMPTY_STAGING = _HEAD + 'rm -rf "$stage"\nmkdir "$stage"\nexit 0\n'
"""Args: directory, name. An empty staging folder."""

_DISCARD = 'if [ ! -e "$journal" ]; then rm -rf "$stage" "$previous.new"; fi\n'

DISCARD = _HEAD + _DISCARD + "exit 0\n"
"""Args: directory, name. Forgets the staged pair, unless it is on its way into place."""

_KEEP = (
    _HEAD
    + """\
if [ -e "$attended" ]; then exit 0; fi
fresh=
if [ ! -e "$name" ] && [ ! -e "$name.session" ]; then fresh=" fresh"; fi
"""
    + _KEEP_AS_NEW
    + """\
rm -rf "$previous"
if [ -e "$previous.new" ]; then mv -f "$previous.new" "$previous"; fi
sync . 2>/dev/null || sync
"""
)

SETTLE = _HEAD + 'rm -f "$attended"\nexit 0\n'
"""Args: directory, name. What the other icloudpd has written is good."""

TAKE_BACK = (
    _HEAD
    + """\
if [ -s "$previous/$name" ] && [ -s "$previous/$name.session" ]; then
  rm -rf "$stage"
"""
    + _STAGE_PREVIOUS
    + _JOURNAL
    + """\
  rm -f "$name" "$name.session"
"""
    + _MOVE
    + """\
elif [ "$(cat "$attended" 2> /dev/null)" = " fresh" ] || [ "$(cat "$attended" 2> /dev/null)" = "keyring fresh" ]; then
  rm -f "$name" "$name.session"
  sync . 2>/dev/null || sync
fi
rm -f "$attended"
exit 0
"""
)
"""Args: directory, name. Puts the kept pair back in place of what the other icloudpd has written, or removes that where there
was no pair before.
"""


HOLD = f"""\
cd "$1" || exit 1
umask 077
printf '%s' "$2" > {HELD} || exit 1
echo {HELD}
cat > /dev/null
rm -f {HELD}
"""
"""Args: directory, pod. The pod counts as held until the standard input ends, as it does when whoever holds it dies."""

LET_GO = _HEAD + f"rm -f {HELD}\nexit 0\n"
"""Args: directory, name. The pod is no longer held."""

LEAVE = _HEAD + _DISCARD + f"rm -f {HELD}\nexit 0\n"
"""Args: directory, name. Forgets the staged pair, and the pod is no longer held."""

IS_HELD = f"""\
cd "$1" || exit 0
if [ -e {HELD} ] && [ "$(cat {HELD})" = "$2" ]; then echo {HELD}; fi
exit 0
"""
"""Args: directory, pod. Says whether the pod is held."""


def keep(*, keyring_stays: bool) -> str:
    """A script that keeps a copy of the pair, and notes that another icloudpd may write into it from now on; whether a keyring
    file that is there afterwards `stays` is in the note. Args: directory, name.

    A copy that an earlier start has kept, and neither settled nor taken back, is the good one.
    """
    return _KEEP + f'printf \'%s\' "{"" if keyring_stays else "keyring"}$fresh" > "$attended"\n' + _END


def and_keyring(script: str, data_homes: Iterable[str], *, remove: bool = False) -> str:
    """A script that also says where a password lies in clear, in lines "keyring PATH".

    `remove`: before everything else the file goes that another icloudpd has left, if `keep` was told so; "removed PATH".
    """
    homes = " ".join(shlex.quote(home) for home in data_homes)
    body = script.removeprefix(_HEAD).removesuffix(_END)
    removal = _IF_KEYRING_GOES + _each_keyring(homes, _REMOVE) + "fi\n" if remove else ""
    return _HEAD + removal + body + _each_keyring(homes, 'echo "keyring $keyring"\n') + _END


_IF_KEYRING_GOES = """\
note=$(cat "$attended" 2> /dev/null || true)
if [ "$note" = keyring ] || [ "$note" = "keyring fresh" ]; then
"""

_REMOVE = """\
rm -f "$keyring" 2> /dev/null || true
if [ ! -e "$keyring" ]; then echo "removed $keyring"; fi
rmdir "$home/python_keyring" 2> /dev/null || true
"""


def _each_keyring(homes: str, commands: str) -> str:
    """For every file that holds passwords below these data homes, and where this container's own settings put one."""
    return f"""\
set +u
for home in {homes} "$XDG_DATA_HOME" "$HOME/.local/share"; do
keyring=$home/{KEYRING}
if [ -s "$keyring" ]; then
{commands}fi
done
set -u
"""


def stage(jar: str, session: str) -> str:
    """A script that writes the pair into the staging folder, 0600. Args: directory, name.

    The texts stand in here-documents whose end mark occurs in neither; nothing of them is ever on a command line.
    """
    mark = f"END-{secrets.token_hex(16)}"
    return (
        _HEAD
        + 'rm -rf "$stage"\nmkdir "$stage"\n'
        + f"cat > \"$stage/$name\" <<'{mark}'\n{_ended(jar)}{mark}\n"
        + f"cat > \"$stage/$name.session\" <<'{mark}'\n{_ended(session)}{mark}\n"
        + 'chmod 600 "$stage/$name" "$stage/$name.session"\nexit 0\n'
    )


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"

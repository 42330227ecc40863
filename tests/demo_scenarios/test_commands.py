"""Every command that the wizard shows leads to the cluster that was looked at: a bare one meets whichever is current."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wizard.command import Address, Command
from wizard.demo.scenarios import load, names
from wizard.demo.world import DemoWorld
from wizard.errors import WizardError
from wizard.facts.accounts import with_discovered_accounts
from wizard.kube.client import connect
from wizard.observe.look import observe
from wizard.settings import Settings
from wizard.signin.prepare import prepare_sign_in
from wizard.steps import diagnose

NOW = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HERE = Address("/home/anna/kube config", "home", "photos")
PROGRAM = re.compile(r"(?<![\w./-])(?:kubectl|helm|photosync-wizard)(?= )(.*)")
FLAGS = re.compile(r" --kubeconfig '/home/anna/kube config' --(?:kube-)?context home(?!.* --(?:kube-)?context )")


async def shown(name: str, folder: Path) -> list[Command]:
    """The commands of every finding, and of the refusal or the plan of every account's sign-in."""
    async with DemoWorld.open(load(name), clock=lambda: NOW) as demo:
        await demo.settle()
        demo.write_kubeconfig(folder / "kubeconfig")
        cluster = await connect(str(folder / "kubeconfig"), None, folder, env={})
        try:
            world = await observe(cluster, Settings(), NOW)
            settings = with_discovered_accounts(world, Settings())
            commands = [
                command
                for step in diagnose(world, settings).steps
                for finding in step.findings
                for command in finding.commands
            ]
            for account in settings.accounts:
                try:
                    preparation = (await prepare_sign_in(cluster, world, settings, account)).preparation
                except WizardError as error:
                    commands += error.commands
                else:
                    changes = (*preparation.plan.changes, *preparation.plan_inside.changes)
                    commands += [each.command for one in changes for each in (one, *one.undo) if each.command]
            return commands
        finally:
            await cluster.close()


def astray(commands: Iterable[Command]) -> list[str]:
    """The lines of which a program does not name the cluster."""
    lines = (HERE.line(command).partition(" <<")[0] for command in commands)
    return [line for line in lines if any(not FLAGS.match(rest) for rest in PROGRAM.findall(line))]


@pytest.mark.parametrize("name", names())
async def test_every_command_names_the_cluster(name: str, tmp_path: Path) -> None:
    commands = await shown(name, tmp_path)
    assert not astray(commands)
    own = [line for line in HERE.lines(commands) if line.startswith("photosync-wizard ")]
    assert all(" -n " in line for line in own)

"""Files that act by being there: run by others, read by tools, or telling agents what to do."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final

from prentice.changes.guards.objection import Objection, Policy, View
from prentice.changes.paths import folded

PROTECTED: Final[dict[str, str]] = {
    "continuous integration": """
        .github/* .gitlab/* .gitlab-ci.y*ml .circleci/* .travis.yml azure-pipelines*.yml .azure-pipelines/*
        jenkinsfile jenkinsfile.* .buildkite/* .ci/* .woodpecker* .woodpecker/* .drone.* appveyor.yml .appveyor.yml
        bitbucket-pipelines.yml .semaphore/* .cirrus.* .teamcity/* .tekton/* cloudbuild.y*ml codefresh.y*ml .builds/*
        .build.yml .forgejo/* .gitea/* wercker.yml buildspec.y*ml
    """,
    "hooks": """
        .husky/* .githooks/* hooks/pre-* hooks/post-* githooks/* .pre-commit-config.y*ml .pre-commit-hooks.y*ml
        lefthook*.y*ml lefthook*.toml .lefthook* .overcommit.yml
        .gitattributes .gitmodules .gitconfig .lintstagedrc*
    """,
    "lock files": """
        *.lock *.lockb package-lock.json npm-shrinkwrap.json pnpm-lock.yaml go.sum go.work.sum packages.lock.json
        gradle.lockfile package.resolved pylock.toml pylock.*.toml conda-lock.y*ml .terraform.lock.hcl
        cabal.project.freeze project.assets.json manifest.toml
    """,
    "rules for agents": """
        agents.md claude.md gemini.md copilot-instructions.md .cursorrules .cursor/* .windsurfrules .windsurf/*
        .clinerules .clinerules/* .roo/* .roorules* .aider* .claude/* .codex/* .gemini/* .continue/* .mcp.json mcp.json
        .junie/* .kiro/* .amazonq/* conventions.md skill.md agents.*.md claude.*.md
        .opencode/* opencode.json* .goosehints .trae/* .augment/* .augment-guidelines qwen.md .qwen/* crush.md warp.md
        .rules .kilocode/* .kilocodemodes .zed/* .openhands/* .agents/*
    """,
    "build and test set-up that runs code": """
        conftest.py setup.py setup.cfg pyproject.toml sitecustomize.py usercustomize.py *.pth noxfile.py tox.ini
        pytest.ini makefile gnumakefile *.mk justfile .justfile taskfile.y*ml rakefile gemfile dangerfile fabfile.py
        tasks.py dodo.py build.rs build.gradle* settings.gradle* gradle.properties gradlew* mvnw* pom.xml
        cmakelists.txt *.cmake meson.build configure configure.ac build.zig sconstruct wscript package.json .npmrc
        .yarnrc* .pnpmfile.cjs gulpfile.* gruntfile.* webpack.config.* vite.config.* vitest.config.* jest.config.*
        rollup.config.* playwright.config.* karma.conf.* cypress.config.* .mocharc.* postcss.config.* tailwind.config.*
        next.config.* babel.config.* .babelrc* .eslintrc.js eslint.config.* .cargo/* rust-toolchain* go.mod .bazelrc
        build.bazel module.bazel hatch_build.py workspace *.bzl dockerfile dockerfile.* *.dockerfile
        docker-compose*.y*ml compose.y*ml .devcontainer/* vagrantfile procfile
    """,
    "environment, editors and secrets": """
        .envrc .env .env.* .vscode/* .idea/* *.code-workspace .direnv/* .tool-versions mise.toml .mise.toml .netrc
        .pypirc .ssh/* *.pem *.key id_rsa id_ed25519 pip.conf .bashrc .zshrc .profile .bash_profile .inputrc flake.nix
        shell.nix
    """,
}
"""Patterns by what they protect. One without `/` is compared with the file's name, one with `/` with the path from any
directory on. Compared without case."""


def protected_as(path: str) -> str | None:
    """Say what kind of protected file a path is, None for others."""
    whole = folded(path)
    parts = whole.split("/")
    tails = ["/".join(parts[number:]) for number in range(len(parts))]
    for kind, patterns in PROTECTED.items():
        for pattern in patterns.split():
            names = tails if "/" in pattern else [parts[-1]]
            if any(fnmatchcase(name, pattern) for name in names):
                return kind
    return None


def protected(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to changes of protected files; where the task names the file, a person may approve."""
    for path in dict.fromkeys((view.file.old_path, view.path)):
        if kind := protected_as(path):
            named = path in policy.named
            sentence = f"`{path}` is protected ({kind})" + ("." if named else ", and the task does not name it.")
            yield view.object("protected", "person" if named else "refuse", sentence)

from pathlib import Path
from typing import Any

import pytest

from prentice.backends.mlx.chat_template import ChatTemplate
from prentice.backends.mlx.model_directory import ModelDirectory
from prentice.backends.protocol import Message
from prentice.errors import ModelUnsupportedError

SYSTEM = Message(role="system", content="Be brief.")
USER = Message(role="user", content="Say <hello>")
CHAT = "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "


def template(place: Path, text: str | None, **files: Any) -> ChatTemplate:
    for name, value in files.items():
        (place / f"{name}.json").write_text(value, encoding="utf-8")
    if text is not None:
        (place / "chat_template.jinja").write_text(text, encoding="utf-8")
    return ChatTemplate(
        ModelDirectory(
            name="tiny",
            path=place,
            config={},
            architecture="qwen2",
            shards=(),
            size_bytes=0,
            context=0,
            identity="",
        )
    )


def test_messages_are_written_as_the_template_says_with_the_models_own_marks(tmp_path: Path) -> None:
    made = template(tmp_path, CHAT, tokenizer_config='{"bos_token": {"content": "<s>"}}')
    assert made.render([SYSTEM, USER]) == "<s>[system] Be brief.\n[user] Say <hello>\n[assistant] "


@pytest.mark.parametrize(
    "config",
    [
        '{"chat_template": "{{ messages[0].content }}!"}',
        '{"chat_template": [{"name": "tool_use"}, {"name": "default", "template": "{{ messages[0].content }}!"}]}',
    ],
)
def test_a_template_can_stand_in_the_tokenizers_configuration(config: str, tmp_path: Path) -> None:
    assert template(tmp_path, None, tokenizer_config=config).render([USER]) == "Say <hello>!"


def test_without_a_template_messages_follow_one_another(tmp_path: Path) -> None:
    assert template(tmp_path, None).render([SYSTEM, USER]) == "Be brief.\n\nSay <hello>\n\n"


def test_templates_may_use_what_those_of_known_models_use(tmp_path: Path) -> None:
    text = (
        "{%- for m in messages %}{% if loop.index0 == 1 %}{% continue %}{% endif %}{{ m | tojson }}{% endfor %}"
        "{{ strftime_now('%Y') | length }}{% for i in range(3) %}{{ i }}{% endfor %}{{ enable_thinking }}"
    )
    assert template(tmp_path, text).render([USER, USER]) == '{"role": "user", "content": "Say <hello>"}4012False'


def test_what_all_conversations_begin_with_ends_where_the_users_words_begin(tmp_path: Path) -> None:
    made = template(tmp_path, CHAT)
    assert made.shared_prefix([SYSTEM, USER]) == "[system] Be brief.\n[user] "
    assert made.shared_prefix([USER]) == ""


def test_a_template_cannot_change_or_keep_anything(tmp_path: Path) -> None:
    made = template(tmp_path, "{{ messages.append(1) }}")
    with pytest.raises(ModelUnsupportedError, match="chat template"):
        made.render([USER])

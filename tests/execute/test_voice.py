from unisono.execute.voice import with_voice

NOTE = "Speak plainly."


def test_the_note_joins_the_system_prompt_and_nothing_else_changes() -> None:
    body = {
        "model": "auto",
        "x": 1,
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}],
    }
    noted = with_voice(body, note=NOTE)
    assert noted["messages"] == [
        {"role": "system", "content": "Be kind.\n\nSpeak plainly."},
        {"role": "user", "content": "hi"},
    ]
    assert noted["x"] == 1
    assert body["messages"][0] == {"role": "system", "content": "Be kind."}


def test_parts_of_a_system_prompt_stay_parts() -> None:
    body = {"messages": [{"role": "system", "content": [{"type": "text", "text": "Be kind."}]}]}
    assert with_voice(body, note=NOTE)["messages"][0]["content"][-1] == {"type": "text", "text": NOTE}


def test_a_system_prompt_is_made_where_there_is_none() -> None:
    assert with_voice({"messages": [{"role": "user", "content": "hi"}]}, note=NOTE)["messages"][0] == {
        "role": "system",
        "content": NOTE,
    }

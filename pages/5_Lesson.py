"""The Lesson page: a teacher makes a link here; a class that opens it sees the lesson alone."""

from lr_explorer.ui import lesson_page, state
from lr_explorer.ui.frame import open_alone, open_page
from lr_explorer.ui.player import hasten_player

hasten_player()
if lesson_page.is_for_class():
    open_alone(state.lesson().title)
    lesson_page.lesson()
    lesson_page.foot()
else:
    open_page("Lesson")
    lesson_page.making()

"""The steps of one fence: what is done, what is under way, what is to come."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from pvctui.dialogs.dialog import Dialog
from pvctui.rows.fence_lines import fence_steps
from pvctui.rows.view import View
from pvctui.widgets.detail import Words


class FenceStepsDialog(Dialog):
    """Only tells; goes on with the fence while it is open."""

    CANCEL_TEXT = "Close"

    def __init__(self, view: View, node: str) -> None:
        super().__init__(view)
        self._node = node
        self._words = Words(markup=False)

    def title_text(self) -> str:
        """Whose fence."""
        return f"Fence of {self._node}"

    def body(self) -> Sequence[Widget]:
        """The steps."""
        self._tell()
        return [self._words]

    def take(self, view: View) -> None:
        """The next step."""
        super().take(view)
        self._tell()

    def _tell(self) -> None:
        node = self.view.cluster.nodes.get(self._node)
        lines = fence_steps(node, self.view) if node else [(("this node is not registered any more", "dim"),)]
        self._words.show_lines(lines)

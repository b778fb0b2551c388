"""How kernels that only kernels call are compiled: once, inside the kernels that Python calls.

numba optimises every function in a library of its own, turns it into machine code, and does both
again in each library that calls it. Of a function without an entry from Python nobody runs that
machine code. Here such a function stays as its compiler's front end wrote it; an entry links all
it reaches, directly or not, and is optimised as one whole: less than half the time to compile.
Imported by ``kernel``; it uses insides of numba, whose version ``pyproject.toml`` bounds.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import AnnotateTypes


class LinkedLibrary(CPUCodeLibrary):
    """The code of one function, to be linked into that of its callers and never run alone."""

    def finalize(self) -> None:
        """Close the library; its own callees are linked where somebody runs it."""
        self._raise_if_finalized()
        for library in self._linking_libraries:
            self._reload_init.update(library._reload_init)
        for function in self._final_module.functions:
            if not function.is_declaration:
                function.linkage = "linkonce_odr"  # several may bring it along: one stays
        self._finalize_dynamic_globals()
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        """Return this function with all that it reaches."""
        self._ensure_finalized()
        if self._shared_module is None:
            module = self._final_module.clone()
            for part in self._reached():
                module.link_in(part, preserve=True)
            self._shared_module = module
        return self._shared_module

    def get_pointer_to_function(self, name: str) -> int:  # noqa: ARG002
        """Return null: there is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> LinkedLibrary:
        """What numba asks to set the environment of the machine code: there is none to set."""
        return self

    def set_env(self, env_name: str, env: Any) -> None:
        """Do nothing: kernels raise no error and print nothing, for which one would be read."""

    def _reached(self) -> list[Any]:
        """Return the modules of everything it calls, callers before callees."""
        libraries, modules = list(self._linking_libraries), []
        for library in libraries:
            if isinstance(library, LinkedLibrary):
                modules.append(library._final_module)
                libraries += [one for one in library._linking_libraries if one not in libraries]
            else:
                modules.append(library._get_module_for_linking())
        return modules


@register_pass(mutates_CFG=False, analysis_only=True)
class _TakeLinkedLibrary(AnalysisPass):
    _name = "take_linked_library"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Set the library that the lowering will fill."""
        state.library = LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return False


class LinkedCompiler(CompilerBase):
    """numba's compiler of ``njit``, with such a library."""

    def define_pipelines(self) -> list[Any]:
        """Return the one pipeline."""
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.add_pass_after(_TakeLinkedLibrary, AnnotateTypes)
        manager.finalize()
        return [manager]

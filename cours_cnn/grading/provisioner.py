"""Fournisseur de noyaux pour ``jupyter_client`` : nbval et nbclient l'emploient sans rien en savoir.

Trois noms, choisis par :func:`chosen`, ou hors du correcteur par la variable ``JUPYTER_DEFAULT_PROVISIONER_NAME`` :

- ``cours-cnn-rapide`` : une copie du zygote, sans prison, pour les notebooks du cours lui-même ;
- ``cours-cnn-prison`` : une copie du zygote enfermée (:mod:`cours_cnn.grading.jail`), pour les copies d'élèves ;
- ``cours-cnn-bwrap`` : un noyau froid enfermé par bubblewrap (:mod:`cours_cnn.grading.bubblewrap`), le second chemin.

Si le zygote ne peut servir (autre système que Linux, TensorFlow absent), le premier nom lance un noyau ordinaire ; les
deux autres refusent : une copie n'est jamais exécutée sans protection à l'insu de l'enseignant.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import EntryPoint
from pathlib import Path

import zmq
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from cours_cnn.grading import bubblewrap
from cours_cnn.grading import jail as jails
from cours_cnn.grading.prompt_client import PromptClient
from cours_cnn.grading.zygote_client import KernelHandle, Zygote, ZygoteError

SEED_VARIABLE = "COURS_CNN_GRAINE"
HIDDEN_VARIABLE = "COURS_CNN_NOTATION_MASQUES"
SILENCED_VARIABLE = "COURS_CNN_NOTATION_MUETS"
SHOWN_VARIABLE = "COURS_CNN_NOTATION_MONTRES"
EVALUATION_VARIABLE = "COURS_CNN_EVALUATION"
MESSAGE_CAP = 32 * 2**20
CLASSES = {"cours-cnn-rapide": "ForkedProvisioner", "cours-cnn-prison": "JailedProvisioner",
           "cours-cnn-bwrap": "BubblewrapProvisioner"}
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS",
         "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


@contextmanager
def chosen(name: str) -> Iterator[None]:
    """Fait du fournisseur ``name`` celui de tous les noyaux que ce processus lance, puis rétablit le précédent.

    La variable d'environnement n'y suffirait pas : ``jupyter_client`` la lit une seule fois par processus. Le nom est
    déclaré ici aussi, car un module mis à jour sans être réinstallé garde ses anciens points d'entrée.
    """
    factory = KernelProvisionerFactory.instance()
    before = factory.default_provisioner_name
    factory.provisioners[name] = EntryPoint(name, f"{__name__}:{CLASSES[name]}", factory.GROUP_NAME)
    factory.default_provisioner_name = name
    try:
        yield
    finally:
        factory.default_provisioner_name = before


def require(name: str, manager) -> None:
    """Lève ``RuntimeError`` si le noyau de ``manager`` n'est pas du fournisseur ``name`` : rien ne doit y être exécuté.
    """
    found = type(manager.provisioner).__name__
    if found != CLASSES[name]:
        raise RuntimeError(f"le noyau devait être lancé par {CLASSES[name]} ; il l'a été par {found}.")


class ForkedProvisioner(LocalProvisioner):
    """Noyaux copiés du zygote, sans prison, dans le dossier du notebook."""

    jailed = False
    _folder: str | None = None
    _plain = False

    async def pre_launch(self, **kwargs):
        """Choisit des prises locales dans un dossier privé."""
        try:
            self._prepare()
        except ZygoteError:
            if self.jailed:
                raise
            self._plain = True
            return await super().pre_launch(**kwargs)
        manager = self.parent
        if manager.client_factory is BlockingKernelClient:
            manager.client_factory = PromptClient
        self._folder = tempfile.mkdtemp(prefix="cours-cnn-", dir=sockets_place())
        manager.transport = "ipc"
        manager.ip = str(Path(self._folder, "prises", "p"))
        manager.connection_file = str(Path(self._folder, "connexion.json"))
        # Un message démesuré est refusé par la prise elle-même, avant d'occuper la mémoire du correcteur.
        manager.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE_CAP)
        Path(self._folder, "prises").mkdir()
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        kwargs["cmd"] = manager.format_kernel_cmd(extra_arguments=kwargs.pop("extra_arguments", []))
        kwargs["env"] = dict(kwargs.get("env") or os.environ)
        return kwargs

    async def launch_kernel(self, cmd, **kwargs):
        """Demande une copie au zygote et rend les informations de connexion."""
        if self._plain:
            return await super().launch_kernel(cmd, **kwargs)
        kernel = self._spawn(self._request(kwargs))
        if self.jailed and os.getuid() == 0:
            # Les prises existent : plus rien ne peut s'écrire à côté d'elles, sur le disque de l'enseignant.
            os.chown(Path(self._folder, "prises"), 0, 0)
        self.process, self.pid, self.pgid = kernel, kernel.pid, None
        return self.connection_info

    async def wait(self) -> int | None:
        """Attend la fin du noyau."""
        if self._plain or not self.process:
            return await super().wait()
        while self.process.poll() is None:
            await asyncio.sleep(0.01)
        code, self.process = self.process.poll(), None
        return code

    async def cleanup(self, restart: bool = False) -> None:
        """Efface le dossier des prises."""
        if self._folder and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._plain:
            await super().cleanup(restart)

    def _prepare(self) -> None:
        Zygote.shared()

    def _spawn(self, request: dict) -> KernelHandle:
        return Zygote.shared().spawn(request)

    def _request(self, kwargs) -> dict:
        connection = {key: value.decode() if isinstance(value, bytes) else value
                      for key, value in self.connection_info.items()}
        environment = kwargs["env"]
        # Un notebook du cours n'a pas de graine imposée : une sortie qui en dépendrait doit varier, et se voir.
        seed = int(environment[SEED_VARIABLE]) if environment.get(SEED_VARIABLE) else None
        return {"cwd": str(kwargs.get("cwd") or Path.cwd()), "env": environment, "jail": None,
                "seed": seed, "silenced": [], "connection": connection,
                "connection_file": str(Path(self._folder, "connexion.json")), "outer": jails.NOBODY}


class JailedProvisioner(ForkedProvisioner):
    """Noyaux copiés du zygote, chacun dans sa prison ; le dossier du notebook n'y est pas visible."""

    jailed = True

    def _request(self, kwargs) -> dict:
        request = super()._request(kwargs)
        sockets = Path(self._folder, "prises")
        outer = os.getuid() or jails.NOBODY
        if os.getuid() == 0:
            os.chown(sockets, outer, outer)
        environment = request["env"]
        hidden = [path for path in environment.get(HIDDEN_VARIABLE, "").split(os.pathsep) if path]
        silenced = [name for name in environment.get(SILENCED_VARIABLE, "").split(os.pathsep) if name]
        prison = jails.Jail(sockets=str(sockets), visible=visible_paths(environment), hidden=hidden)
        request["connection"]["ip"] = f"{jails.SOCKETS}/p"
        return request | {
            "jail": asdict(prison), "silenced": silenced, "cwd": jails.WORK, "outer": outer,
            "connection_file": f"{jails.WORK}/connexion.json",
            "env": inner_environment(environment)}


class BubblewrapProvisioner(JailedProvisioner):
    """Noyaux froids, enfermés par bubblewrap dans la même prison."""

    def _prepare(self) -> None:
        if shutil.which("bwrap") is None:
            raise ZygoteError(f"bubblewrap n'est pas installé ({bubblewrap.INSTALL}).")

    def _spawn(self, request: dict) -> KernelHandle:
        return bubblewrap.spawn(request)


def sockets_place() -> str | None:
    """Rend un dossier en mémoire, borné par le système, pour les prises ; ``None`` pour le dossier temporaire usuel.

    C'est le seul dossier de l'hôte où un noyau enfermé écrit : le compte ordinaire ne peut y borner ce qu'il y met.
    """
    place = os.environ.get("XDG_RUNTIME_DIR", "")
    return place if os.getuid() and Path(place).is_absolute() and os.access(place, os.W_OK) else None


def visible_paths(environment) -> list[str]:
    """Rend ce qu'un noyau enfermé peut lire : système, interpréteur, module du cours, données, images à prédire."""
    import cours_cnn

    # Un lien comme /lib vers /usr/lib est refait dans la prison, non montré.
    paths = [path for path in ("/usr", "/bin", "/sbin", "/lib", "/lib64") if not Path(path).is_symlink()]
    paths += ["/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", sys.prefix, sys.base_prefix,
              str(Path(cours_cnn.__file__).parent)]
    paths += [environment[name] for name in ("COURS_CNN_DONNEES", "COURS_CNN_CACHE") if environment.get(name)]
    paths += environment.get(SHOWN_VARIABLE, "").split(os.pathsep)
    return [path for path in paths if path and Path(path).exists()]


def inner_environment(environment) -> dict[str, str]:
    """Rend l'environnement d'un noyau enfermé : le strict nécessaire, et des dossiers personnels dans la prison."""
    kept = {name: environment[name] for name in _KEPT if name in environment}
    kept |= {name: value for name, value in environment.items()
             if name.startswith("COURS_CNN_") and not name.startswith("COURS_CNN_NOTATION")}
    return kept | {"HOME": jails.WORK, "TMPDIR": "/tmp", "IPYTHONDIR": f"{jails.WORK}/.ipython",
                   "MPLCONFIGDIR": f"{jails.WORK}/.matplotlib", "KERAS_HOME": f"{jails.WORK}/.keras",
                   "PYTHONDONTWRITEBYTECODE": "1"}


def why_unavailable() -> str | None:
    """Rend la raison pour laquelle la prison ne peut servir ici, ou ``None`` si elle a été essayée avec succès."""
    if sys.platform != "linux":
        return f"la prison demande Linux ; ce système est {sys.platform}"
    child = os.fork()
    if child == 0:
        try:
            jails.unshare()
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        return "le système refuse les espaces de noms d'utilisateurs (user namespaces)"
    return None

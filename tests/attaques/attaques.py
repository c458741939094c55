# ruff: noqa: E501 — le code des attaques est une donnée
"""Les copies hostiles : nom → source placée dans la réponse à la question 1, sans jamais calculer la bonne réponse.

``STUB`` définit une réponse fausse ; chaque attaque tente d'obtenir les points autrement, de s'échapper ou de nuire.
"""

STUB = "\ndef correlate(image, kernel):\n    return np.zeros((image.shape[0] - 2, image.shape[1] - 2))\n"

FORGERY = {
    "objet toujours égal": """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *args, **kwargs): return np.zeros((2, 3))
def correlate(image, kernel): return Equal()""",
    "marqueur NBVAL_SKIP": "# NBVAL_SKIP" + STUB,
    "marqueur NBVAL_IGNORE_OUTPUT": "# NBVAL_IGNORE_OUTPUT" + STUB,
    "marqueur NBVAL_RAISES_EXCEPTION": "# NBVAL_RAISES_EXCEPTION" + STUB + "\n1/0",
    "marqueur ancien": "# PYTEST_VALIDATE_IGNORE_OUTPUT" + STUB,
    "transformateur de source": STUB + "get_ipython().input_transformers_post.append(lambda lines: ['pass'])",
    "transformateur d'arbre": STUB + """
import ast
class Empty(ast.NodeTransformer):
    def visit_Module(self, node): node.body = []; return node
get_ipython().ast_transformers.append(Empty())""",
    "show remplacé": STUB + "import cours_cnn.checks.probing as p\np.show = lambda *values: None",
    "draw remplacé": STUB + """
import cours_cnn.checks.probing as p
class Zero:
    def normal(self, size): return np.zeros(size)
    def randint(self, *a): return 1
p.draw = lambda question: Zero()""",
    "print remplacé": STUB + "import builtins\nbuiltins.print = lambda *a, **k: None",
    "json remplacé": STUB + "import json\njson.dumps = lambda *a, **k: '[]'",
    "hasard remplacé": STUB + "np.random.RandomState.normal = lambda self, size=None, **k: np.zeros(size)",
    "graine changée": STUB + "import os\nos.environ['COURS_CNN_GRAINE'] = '0'",
    "do_execute remplacé": STUB + """
kernel = get_ipython().kernel
async def nothing(*a, **k): return {'status': 'ok', 'execution_count': 1, 'payload': [], 'user_expressions': {}}
kernel.do_execute = nothing""",
    "run_cell remplacé": STUB + "get_ipython().run_cell_async = None",
    "trace d'exécution": STUB + """
import sys
def tracer(frame, event, arg):
    if event == 'call' and frame.f_code.co_name == 'show': frame.f_locals['values'] = ()
    return tracer
sys.settrace(tracer)""",
    "affichage détourné": STUB + "import sys\nsys.displayhook = lambda value: None\nsys.stdout.write = lambda text: 0",
    "recherche gc": STUB + """
import gc, json
known = [o for o in gc.get_objects() if isinstance(o, (str, list, dict)) and 'correlate' in repr(o)[:500]]
def correlate(image, kernel): return [len(known)]""",
    "recherche dans les cadres": STUB + """
import sys
frame = sys._getframe(); found = []
while frame: found.append(sorted(frame.f_locals)[:5]); frame = frame.f_back
def correlate(image, kernel): return [len(found)]""",
    "historique des cellules": STUB + "def correlate(image, kernel): return list(In)[-1]",
    "notebooks du disque": STUB + """
import os
found = [os.path.join(d, f) for d, _, fs in os.walk('/') for f in fs if f.endswith('.ipynb') and 'site-packages' not in d]
secret = [open(p).read() for p in found]
def correlate(image, kernel): return secret[0] if secret else None""",
    "corrigés du dépôt": STUB + """
import cours_cnn, pathlib
root = pathlib.Path(cours_cnn.__file__).parents[1]
secret = [p.read_text() for p in root.rglob('solutions/*.ipynb')]
def correlate(image, kernel): return secret[0]""",
    "vérifications de l'élève": STUB + "from cours_cnn.checks.lenet.maps import *\ncorrelate = locals().get('expected', correlate)",
    "sorties forgées pour la cellule suivante": STUB + """
kernel = get_ipython().kernel
def later():
    import time; time.sleep(0.3)
    kernel.session.send(kernel.iopub_socket, 'stream', {'name': 'stdout', 'text': '[[[0.0]]]'}, parent=kernel.get_parent())
import threading; threading.Thread(target=later).start()""",
    "message de fin forgé": STUB + """
k = get_ipython().kernel
k.session.send(k.iopub_socket, 'status', {'execution_state': 'idle'}, parent=k.get_parent())""",
    "messages illisibles": STUB + """
k = get_ipython().kernel
for i in range(200):
    k.session.send(k.iopub_socket, 'stream', {'name': 'stdout', 'text': {'a': 1}}, parent=k.get_parent())
    k.session.send(k.iopub_socket, 'display_data', {'data': None, 'metadata': []}, parent=k.get_parent())
    k.session.send(k.iopub_socket, 'error', {}, parent=k.get_parent())""",
    "clé de session changée": STUB + "get_ipython().kernel.session.key = b'autre'",
    "fil qui écrit plus tard": STUB + """
import threading, time
def late():
    time.sleep(0.2); print('[[[1.0, 2.0]]]')
threading.Thread(target=late, daemon=True).start()""",
    "atexit": STUB + "import atexit\natexit.register(print, '[[[1.0]]]')",
    "cellule d'évaluation redéfinie": STUB + "def show(*values): print('[[0.0]]')\ndel correlate",
}

NUISANCE = {
    "os._exit(0)": "import os\nos._exit(0)",
    "sys.exit": "import sys\nsys.exit(0)",
    "SIGKILL": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos._exit(1)",
    "erreur de segmentation": "import ctypes\nctypes.string_at(0)",
    "boucle sans fin": STUB + "while True: pass",
    "boucle qui retient l'interruption": STUB + """
import time
while True:
    try: time.sleep(1)
    except BaseException: pass""",
    "SIGINT ignoré": STUB + "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)",
    "boucle dans la réponse": "def correlate(image, kernel):\n    while True: pass",
    "flot de lignes": STUB + "for i in range(60000): print('x' * 1000)",
    "affichage géant": STUB + "print('x' * 60_000_000)",
    "pluie de messages": STUB + """
k = get_ipython().kernel
for i in range(30000): k.session.send(k.iopub_socket, 'status', {'execution_state': 'busy'}, parent=k.get_parent())""",
    "mémoire": STUB + "block = [bytearray(10**9) for _ in range(20)]",
    "bombe de processus": STUB + """
import os
for i in range(3000):
    if os.fork() == 0:
        import time; time.sleep(60); os._exit(0)""",
    "récursion": "def correlate(image, kernel): return correlate(image, kernel)",
    "bombe __repr__": "class Bomb:\n    def __repr__(self): return 'x' * 10**8\ncorrelate = lambda i, k: Bomb()\nBomb()",
    "saisie au clavier": STUB + "input('mot de passe ?')",
    "JSON imbriqué": "def correlate(image, kernel):\n    x = []\n    for i in range(5000): x = [x]\n    return x",
}

# Ce que l'on tente d'atteindre ; la cellule affiche « ATTEINT » si elle y parvient.
ESCAPE = {
    "réseau local": "import socket\nsocket.create_connection(('127.0.0.1', 22), 1)",
    "nom d'hôte": "import socket\nsocket.getaddrinfo('exemple.fr', 80)",
    "écrire dans le module": "import cours_cnn, pathlib\npathlib.Path(cours_cnn.__file__).parent.joinpath('x').write_text('x')",
    "écrire dans l'interpréteur": "import sys, pathlib\npathlib.Path(sys.prefix, 'x').write_text('x')",
    "écrire à la racine": "open('/x', 'w')",
    "autres processus": "import os\nassert len([p for p in os.listdir('/proc') if p.isdigit()]) > 1",
    "dossier personnel": "import os\nos.listdir('/root/.ssh') if os.path.isdir('/root/.ssh') else os.listdir('/home')",
    "dépôt du cours": "import cours_cnn, pathlib\nassert pathlib.Path(cours_cnn.__file__).parents[1].joinpath('solutions').exists()",
    "prise du zygote": """
import os
links = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if os.path.islink(f'/proc/self/fd/{n}')]
import socket
for n in map(int, os.listdir('/proc/self/fd')):
    try: s = socket.socket(fileno=os.dup(n))
    except OSError: continue
    if s.family == socket.AF_UNIX and s.type == socket.SOCK_SEQPACKET: print('ATTEINT'); break
else: raise OSError""",
    "prises abstraites": "lines = open('/proc/net/unix').read()\nassert '@' in lines",
    "environnement de l'enseignant": "import os\nassert 'COURS_CNN_NOTATION_MASQUES' in open('/proc/self/environ').read() or 'SECRET_DU_TEST' in os.environ",
    "nouvel espace de noms": "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nassert libc.unshare(0x10000000) == 0",
    "montage": "import ctypes\nlibc = ctypes.CDLL(None)\nassert libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0",
    "reprise de droits": "import os\nos.setuid(0)",
    "limite relevée": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)",
    "fichier démesuré": "import os\nwith open('/travail/gros', 'wb') as f:\n    for _ in range(200): f.write(bytes(1 << 20))",
    "exécuter depuis les prises": "import os, shutil\nshutil.copy('/bin/true', '/prises/t')\nos.chmod('/prises/t', 0o755)\nassert os.spawnl(os.P_WAIT, '/prises/t', 't') == 0",
    "remplir le dossier des prises": "for i in range(50): open(f'/prises/z{i}', 'wb').write(bytes(1 << 20))",
    "périphérique": "import os, stat\nos.mknod('/travail/sda', 0o600 | stat.S_IFBLK, os.makedev(8, 0))",
    "chroot": "import os\nos.chroot('/travail')",
    "voir le correcteur": "import os\nassert os.getppid() != 0",
    "mémoire du noyau": "open('/proc/kcore', 'rb').read(1)",
    "réglages du système": "open('/proc/sys/user/max_user_namespaces', 'w').write('100')",
}

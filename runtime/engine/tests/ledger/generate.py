"""Random histories of requests and chain facts, with what the executable reference of budgets decides and holds after each.

    python3 generate.py DESIGN/budgets FIRST_SEED COUNT [STEPS] [direct]

One history a line, as JSON: `terms` (the policy), `logs`, `requests` (a table), `steps`: [record, answer, uses by budget in
the order of their names].  A world of chain and spenders (the reference's own checker) keeps the facts plausible; edits,
locks, adoption, approvals, voids and clocks that go back are added here.  Times are real seconds and calendar periods real
ones, computed by `datetime`, so that the reference shares no calendar with what it is compared to.

In the reference a spender is a name, and its authority through a keeper (Permit2) that of another name: `X` is what `S` has
through the keeper, `R` what `P` has. Whoever reads the histories makes one spender of both again. `direct`: without them.
"""
import sys, json, random
from datetime import datetime, timedelta, timezone

sys.path.insert(0, sys.argv[1])
from budgets import *          # noqa: E402
import budgets                  # noqa: E402
import check                    # noqa: E402

START = int(datetime(2027, 1, 31, tzinfo=timezone.utc).timestamp())      # a Sunday, the last of a month
RULES = ["g", "h", "q", "m", "par"]
TOKENS = ["T", "V"]
THROUGH = {"S": "X", "P": "R"}


ends = lambda l: NEVER if l.expiry is None else l.expiry


def cut(layers, amount, ts):
    """decreaseAllowance, where layers have ends: of what has not ended the soonest to end, and of that the newest."""
    out = list(layers)
    while amount and any(ends(l) >= ts for l in out):
        soonest = min(ends(l) for l in out if ends(l) >= ts)
        at = max(n for n, l in enumerate(out) if ends(l) == soonest)
        n = min(amount, out[at].amount)
        amount -= n
        out[at:at + 1] = [out[at]._replace(amount=out[at].amount - n)] if out[at].amount > n else []
    return tuple(out)


class Reference(Ledger):
    """The reference with UTC periods by the calendar, and corrections.

    Of an edit: approvals follow a budget's new name; a grant to a trusted spender that is still pending costs nothing after an
    edit either (once distrusted, `given` already holds it); and what increaseAllowance gave to a trusted spender adds up.

    Of authority with an end, where layers of one key end at different times: what had ended was not used; of the rest what ends
    soonest was used first (oldest first lets the longest-lived be used unseen); and a signature without a deadline that gives
    nothing but authority with an end, and costs nothing, is over with that."""

    def convert(self, key, amount, ts, puller=Tag((), NONE)):
        layers = sorted(self.layers.get(key, ()), key=ends)
        over = tuple(l for l in layers if ends(l) < ts)
        self.layers[key] = tuple(layers[len(over):])
        n = super().convert(key, amount, ts, puller)
        self.layers[key] = over + self.layers[key]
        return n

    def on_allowance(self, key, amount, ts):
        self.convert(key, max(0, sum(l.amount for l in self.layers.get(key, ()) if ends(l) >= ts) - amount), ts)

    def on_landed(self, slot, version, ok, ts, pulled=None, fee=None):
        budgets.cut_newest = lambda layers, amount: cut(tuple(sorted(layers, key=ends)), amount, ts)
        super().on_landed(slot, version, ok, ts, pulled, fee)

    def version_end(self, v, deadline):
        takes = [i for i in v.items if i.kind in ("move", "pull") or i.kind == "grant" and i.mode != "dec" and i.amount]
        if deadline is None and not v.fee and takes and all(i.kind == "grant" and i.expiry is not None for i in takes):
            return max(i.expiry for i in takes)
        return super().version_end(v, deadline)

    def cut(self, b):
        if not isinstance(b.calendar, str):
            return super().cut(b)
        lo = datetime.fromtimestamp(self.lo, timezone.utc).replace(hour=0, minute=0, second=0)
        lo -= timedelta(days={"day": 0, "week": lo.weekday(), "month": lo.day - 1}[b.calendar])
        return int(lo.timestamp()) - 1

    def on_edit(self, policy, renamed=()):
        super().on_edit(policy, renamed)
        names = dict(renamed)
        new = lambda over: frozenset(names.get(n, n) for n in over)
        free = lambda i: i._replace(tag=i.tag._replace(charged=NONE)) if i.kind == "trust" else i
        right = lambda v: v._replace(over=new(v.over), items=tuple(map(free, v.items)))
        self.slots = {k: s._replace(versions=tuple(map(right, s.versions))) for k, s in self.slots.items()}

    def with_version(self, r, over=NONE):
        after = super().with_version(r, over)
        after.given = dict(self.given)
        versions = after.slots[r.slot].versions if r.slot in after.slots else ()
        if len(versions) > len(self.slots.get(r.slot, Slot(None, ())).versions):
            for i in versions[-1].items:
                if i.kind == "trust" and i.mode != "dec":
                    old = after.given.get((i.token, i.spender), 0)
                    after.given[i.token, i.spender] = old + i.amount if i.mode == "add" else max(old, i.amount)
        return after


# ------------------------------------------------------------------------------------------------ a path through the world
def edited(rng, policy):
    """The same rules with other bounds: lines dropped, renamed, widened, new; trust withdrawn or given."""
    budgets, renamed = [], []
    for b in policy.budgets.values():
        if rng.random() < .2:
            continue
        if rng.random() < .2:
            renamed.append((b.name, "r" + b.name))
            b = b._replace(name="r" + b.name)
        if rng.random() < .5:
            w = rng.choice([0, 1, 2, 4, 9])
            b = b._replace(cap=rng.randint(1, 12), width=w, calendar=bool(w) and rng.random() < .3)
        if rng.random() < .3:
            b = b._replace(rules=rng.choice([None, frozenset(rng.sample(RULES, 3))]))
        budgets.append(b)
    if rng.random() < .6:
        budgets.append(Budget("n%d" % policy.epoch, rng.randint(2, 16), rng.choice([0, 2, 5]), False, rng.choice(["gross", "gross", "calls", "fees"]), (("T", 1), ("V", 2))))
    names = [b.name for b in budgets]
    sub = lambda p: frozenset(x for x in names if rng.random() < p)
    rules = [Rule(n, rng.random() < .1, sub(.1), sub(.15)) for n in RULES]
    return Policy(budgets, rules, ["P", "R"] if rng.random() < .4 else [], policy.epoch + 1), tuple(renamed)


def through_keeper(cfg, seed):
    """Some of what spenders are given and take goes through the keeper."""
    rng = random.Random(-seed)
    cfg.policy.trusted |= {THROUGH[s] for s in cfg.policy.trusted}
    kept = lambda e: e._replace(spender=THROUGH[e.spender]) if not isinstance(e, Move) and e.spender in THROUGH and rng.random() < .4 else e
    some = lambda r: r._replace(actions=tuple(a._replace(effects=tuple(map(kept, a.effects))) for a in r.actions))
    cfg.templates = [lambda w, l, t=t: [some(r) if r.slot not in l.slots or rng.random() < .5 else r for r in t(w, l)] for t in cfg.templates]


def history(seed, steps, direct):
    """The inputs of one random history, in the reference's own small numbers."""
    rng = random.Random(seed)
    cfg = check.random_config(rng)
    if not direct:
        through_keeper(cfg, seed)
    if "P" in cfg.policy.trusted and rng.random() < .5:
        cfg.templates.append(lambda w, l: [Request(("tx", l.next_nonce), check.A("g", Grant("T", rng.choice("PS"), UNLIMITED)))])
    w, l = cfg.start()
    log = [("final", 1), ("now", 1)]
    for _ in range(steps):
        k = rng.random()
        if k < .06:
            w, l = disturb(rng, w, l, "SZ" if direct else "SZX")
            continue
        by_kind = {}
        for option in cfg.steps(w, l):
            by_kind.setdefault(option[0][0], []).append(option)
        weights = {"sign": 5, "tick": 2, "land": 4, "pull": 3, "final": 2}
        kind = rng.choice([x for x in by_kind for _ in range(weights.get(x, 1))])
        label, go = rng.choice(by_kind[kind])
        if kind == "sign":
            w, l = sign(rng, w, l, label[1])
            continue
        try:
            after = go()
        except (check.Bad, StopIteration, KeyError):    # the disturbed world no longer fits the ledger: not our question
            continue
        if after:
            w, l = after
    return cfg, log + list(l.log)


def sign(rng, w, l, r):
    l = l.copy()
    d = l.apply("request", r)
    if d.verdict == "ask" and rng.random() < .6:
        d = l.apply("approve", r)
    return (signed(w, r, d), l)


def signed(w, r, d):
    if d.verdict != "allow" or any(r == q for q, _ in w.signed.get(r.slot, ())):
        return w
    w = w.copy()
    w.signed[r.slot] = w.signed.get(r.slot, ()) + ((r, d.over),)
    return w


def disturb(rng, w, l, spenders):
    w, l = w.copy(), l.copy()
    kind = rng.choice(["edit", "edit", "approve", "approve", "foreign", "void", "inventory", "pulled", "allowance", "now", "adopt", "repeat"])
    key = (rng.choice(TOKENS), rng.choice(spenders))
    names = lambda: frozenset(b.name for b in l.policy.budgets.values() if b.measure == "gross" and b.weight(key[0]))
    if kind == "edit":
        policy, renamed = edited(rng, l.policy)
        l.apply("edit", policy, renamed)
    elif kind == "approve" and l.asks:
        r = rng.choice(list(l.asks))
        w = signed(w, r, l.apply("approve", r))
    elif kind in ("foreign", "void"):
        slot = ("tx", w.nonce)
        if slot in l.slots or kind == "foreign" and slot[1] == l.next_nonce:
            w.used |= {slot}
            w.nonce += 1
            l.apply(*(("landed", slot, None, True, w.T) if kind == "foreign" else ("void", slot)))
    elif kind == "inventory":
        l.apply("inventory", key, rng.randint(1, 3), names(), rng.choice([None, w.T + 2]))
    elif kind == "pulled":
        l.apply("pulled", key, rng.randint(1, 5), w.T)
    elif kind == "allowance":
        l.apply("allowance", key, rng.randint(0, 3), w.T)
    elif kind == "now":
        l.apply("now", w.T + rng.randint(-3, 3))
    elif kind == "repeat" and l.slots:
        r = rng.choice(list(l.slots.values())[-1].versions).request
        w = signed(w, r, l.apply("request", r))
    if l.locked and rng.random() < .8 or kind == "adopt":
        l.apply("adopt", key[0], rng.randint(0, 3), w.T, frozenset(n for n in sorted(names()) if rng.random() < .7))
    return w, l


# ------------------------------------------------------------------------------------------------ to real numbers
class Scale:
    def __init__(self, rng):
        self.tick = rng.choice([7, 3600, 21600, 86400, 86400 * 6])
        self.unit = rng.choice([1, 10 ** 6, 10 ** 18 + 1, 1 << 180])
        self.jitter = rng.random() < .3

    def time(self, t):
        return None if t is None else START + t * self.tick + ((t * 7919 % 3 - 1) if self.jitter else 0)

    def money(self, n):
        return None if n is None else n if n >= UNLIMITED else n * self.unit

    def policy(self, p):
        def budget(b):
            width, calendar = b.width * self.tick, ["day", "week", "month"][b.width % 3] if b.calendar else False
            return b._replace(cap=b.cap if b.measure == "calls" else self.money(b.cap), width=width, calendar=calendar)
        q = Policy([budget(b) for b in p.budgets.values()], list(p.rules.values()), p.trusted, p.epoch, p.max_asks, p.ask_within * self.tick)
        return q

    def effect(self, e):
        e = e._replace(amount=self.money(e.amount))
        return e._replace(expiry=self.time(e.expiry)) if isinstance(e, Grant) else e

    def request(self, r):
        actions = tuple(a._replace(effects=tuple(map(self.effect, a.effects))) for a in r.actions)
        return r._replace(actions=actions, fee=self.money(r.fee), deadline=self.time(r.deadline))

    def record(self, rng, what, *a):
        t, m = self.time, self.money
        if what in ("request", "approve"): return what, self.request(a[0])
        if what in ("now", "final"): return what, t(a[0])
        if what in ("pulled", "allowance"): return what, a[0], m(a[1]), t(a[2])
        if what == "inventory": return what, a[0], m(a[1]), a[2], t(a[3] if len(a) > 3 else None)
        if what == "adopt": return what, a[0], m(a[1]), t(a[2]), a[3]
        if what == "edit": return what, self.policy(a[0]), a[1]
        if what == "landed" and a[1] is not None:
            pulled = None if len(a) < 5 or a[4] is None else tuple(map(m, a[4])) + (self.unit,) * 3    # never too few
            return what, a[0], a[1], a[2], t(a[3]), pulled, rng.choice([None, None, self.unit])
        return (what, *a) if what != "landed" else (what, a[0], None, True, t(a[3]))


# ------------------------------------------------------------------------------------------------ to JSON
def terms_json(p, renamed=()):
    old = {new: name for name, new in renamed}
    window = lambda b: ["total"] if not b.width else [b.calendar] if b.calendar else ["sliding", b.width]
    return {"lines": {b.name: {"cap": b.cap, "window": window(b), "measure": b.measure, "weights": dict(b.weights),
                               "rules": sorted(b.rules) if b.rules is not None else None, "from": old.get(b.name)} for b in p.budgets.values()},
            "rules": {r.name: {"ask": r.ask, "exempt": sorted(r.exempt), "beyond": sorted(r.beyond)} for r in p.rules.values()},
            "trusted": sorted(p.trusted - set(THROUGH.values())), "epoch": p.epoch, "within": p.ask_within}


def effect_json(e):
    if isinstance(e, Move): return ["move", e.token, e.amount]
    if isinstance(e, Pull): return ["pull", e.token, e.amount, e.spender, e.exact]
    return [e.mode, e.token, e.amount, e.spender, e.expiry]


def emit(seed, steps, direct):
    cfg, log = history(seed, steps, direct)
    rng = random.Random(seed + 1)
    scale = Scale(rng)
    policy = scale.policy(cfg.policy)
    led, table, out = Reference(policy, cfg.logs), [], []

    def number(r):
        if r not in table:
            table.append(r)
        return table.index(r)

    for entry in log:
        what, *a = record = scale.record(rng, *entry)
        line = [what]
        if what == "landed" and a[1] is not None and (a[0] not in led.slots or a[1] >= len(led.slots[a[0]].versions)):
            continue                # on the real calendar this one was never signed
        if what in ("request", "approve"): line += [number(a[0])]
        elif what == "edit": line += [terms_json(*a)]
        elif what == "inventory": line += [a[0], a[1], a[3]]
        elif what == "adopt": line += [a[0], a[1], a[2], sorted(a[3])]
        elif what == "landed" and a[1] is None: line = ["foreign", a[0]]
        elif what == "landed": line += [a[0], number(led.slots[a[0]].versions[a[1]].request), *a[2:]]
        else: line += a
        d = led.apply(*record)
        answer = d and [d.verdict, d.code, d.charges, sorted(d.over)]
        out.append([line, answer, [led.use(led.policy.budgets[n]) for n in sorted(led.policy.budgets)]])
    requests = [[r.slot, [[a.rules, list(map(effect_json, a.effects))] for a in r.actions], r.fee, r.deadline] for r in table]
    return {"seed": seed, "logs": cfg.logs, "terms": terms_json(policy), "requests": requests, "steps": out}


if __name__ == "__main__":
    direct, numbers = "direct" in sys.argv, [int(n) for n in sys.argv[2:] if n != "direct"]
    first, count, steps = numbers + [40][:3 - len(numbers)]
    for seed in range(first, first + count):
        print(json.dumps(emit(seed, steps, direct), separators=(",", ":")))

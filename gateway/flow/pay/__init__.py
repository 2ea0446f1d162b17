"""Pay: the steps of lane P/<sponsor>, in the order a run goes through them.

plan freezes decided claims into a run and asks for money; issue releases it; payee pays; close sends; settle ends.
Nothing leaves before its money is posted, its approvals are given and its run date has come; each payee of a run is
paid in one transaction that can happen only once.
"""

from gateway.flow.pay.closing import close
from gateway.flow.pay.desk import approve, post_deposit
from gateway.flow.pay.lane import WAITING, enqueue, try_again
from gateway.flow.pay.payees import payee
from gateway.flow.pay.planning import has_unplanned, plan
from gateway.flow.pay.release import issue
from gateway.flow.pay.settlement import ask, settle

__all__ = [
    "WAITING",
    "approve",
    "ask",
    "close",
    "enqueue",
    "has_unplanned",
    "issue",
    "payee",
    "plan",
    "post_deposit",
    "settle",
    "try_again",
]

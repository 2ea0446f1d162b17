"""What the codes of TA1, AK9 and IK5 mean and how what they name is mended, in our own words (domain 1.2, 1.3).

Each row is (what is wrong, as the end of a sentence; what the sender does about it).
"""

from __future__ import annotations

TA105: dict[str, tuple[str, str]] = {
    "001": ("the control number of ISA and IEA differ", "Put the ISA13 into IEA02."),
    "002": ("the standard of the control segments is not supported", "Send X12 interchanges only."),
    "003": ("the version of the control segments is not supported", "Put 00501 into ISA12 and send 5010 guides."),
    "004": ("the segment terminator is not valid", "End ISA, which has 106 characters, with the terminator itself."),
    "005": ("the sender's qualifier is not valid", "Put the qualifier agreed for you into ISA05."),
    "006": ("the sender is not the owner of this mailbox", "Put the id agreed for you into ISA06, padded to 15."),
    "007": ("the receiver's qualifier is not valid", "Put the receiver's qualifier into ISA07."),
    "008": ("the receiver id is not valid", "Put the receiver's id into ISA08, padded to 15."),
    "009": ("the receiver is not us", "Put our qualifier and id into ISA07 and ISA08."),
    "010": ("the authorization qualifier is not valid", "Put 00 into ISA01."),
    "011": ("the authorization information is not valid", "Leave ISA02 blank: ten spaces."),
    "012": ("the security qualifier is not valid", "Put 00 into ISA03."),
    "013": ("the security information is not valid", "Leave ISA04 blank: ten spaces."),
    "014": ("the interchange date is not valid", "Write ISA09 as YYMMDD."),
    "015": ("the interchange time is not valid", "Write ISA10 as HHMM."),
    "016": ("the standards identifier is not valid", "Put the repetition separator into ISA11."),
    "017": ("the version identifier is not valid", "Put 00501 into ISA12."),
    "018": ("the interchange control number is not valid", "Write ISA13 with nine digits, filled with zeros."),
    "019": ("the acknowledgment request is not valid", "Put 1 into ISA14 to be sent a TA1, else 0."),
    "020": ("the test indicator is not this installation's", "Put T into ISA15 for tests, P for production."),
    "021": ("the count of groups is wrong", "Put the number of GS segments into IEA01."),
    "022": ("the control structure is not valid", "Nest ISA, GS, ST, SE, GE, IEA and let each be ended by its own."),
    "023": ("the file ends before the interchange does", "Send the whole file, to the IEA and its terminator."),
    "024": ("the content of the interchange is not valid", "Let nothing stand between ISA and IEA but TA1 and groups."),
    "025": ("the interchange control number was used before", "Give every interchange an ISA13 of its own."),
    "026": ("the element separator is not valid", "Choose a sign that is no letter, digit, blank, point or hyphen."),
    "027": ("the component separator is not valid", "Choose a sign for ISA16 that no other delimiter is."),
}

AK905: dict[str, tuple[str, str]] = {
    "1": ("this kind of file is not taken from this sender", "Send only the kinds of file agreed for you."),
    "2": ("the version of the guide is not supported", "Put into GS08 the guide agreed for this kind of file."),
    "3": ("the group trailer is missing", "End the group with GE."),
    "4": ("the control number of GS and GE differ", "Put the GS06 into GE02."),
    "5": ("the count of sets is wrong", "Put the number of ST segments into GE01."),
    "6": ("the group control number is not valid", "Write GS06 with one to nine digits."),
    "19": ("the group control number was used before in the interchange", "Give every group a GS06 of its own."),
}
"""AK905 to AK909."""

IK502: dict[str, tuple[str, str]] = {
    "1": ("this kind of set is not supported", "Put into ST01 the set the guide of GS08 is for."),
    "2": ("the set trailer is missing", "End the set with SE."),
    "3": ("the control number of ST and SE differ", "Put the ST02 into SE02."),
    "4": ("the count of segments is wrong", "Put the number of segments into SE01, ST and SE included."),
    "5": ("one or more segments are in error", "Mend the segments told."),
    "6": ("the set identifier is not valid", "Put the set's number into ST01."),
    "7": ("the set control number is not valid", "Write ST02 with four to nine characters."),
    "18": ("the set does not belong into this group", "Put sets of one kind into a group of theirs."),
    "19": ("the guide of the set is missing or not that of its group", "Put the GS08 into ST03."),
    "23": ("the set control number was used before in the group", "Give every set of a group an ST02 of its own."),
    "I6": ("no guide we know can judge the set", "Put into GS01 and GS08 a kind and guide agreed for you."),
}
"""IK502 to IK506."""

"""The style of plots: sizes of letters and figures, colours, hatches and markers."""

COLUMN, PAGE = 3.5, 7.2  # inches
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
HATCHES = ("", "////", "....", "xxxx", "----", "\\\\\\\\", "++++", "oooo", "||||")
POINT_SHAPES = "osD^vP<X>*"
STYLE = {
    "font.size": 8,
    **dict.fromkeys(("axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 8),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "text.parse_math": False,  # a `$` in a name is a `$`
    "svg.fonttype": "none",  # letters stay letters, to be searched and edited
    "svg.hashsalt": "cxr",  # the same plot is the same file
}

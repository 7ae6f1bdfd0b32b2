using System.CommandLine;
using Gache.Tool.Operate.View;

namespace Gache.Tool.Operate.Words;

/// <summary>Slots on the command line.</summary>
internal static class SlotsArgument
{
    public static Argument<IReadOnlyList<int>> Create() => new("SLOTS")
    {
        Description = "Slots, as in 0-99,200",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            if (SlotRanges.Parse(result.Tokens[0].Value, out IReadOnlyList<int> slots) is { } wrong) result.AddError($"SLOTS '{result.Tokens[0].Value}' is not possible: {wrong}");
            return slots;
        },
    };
}

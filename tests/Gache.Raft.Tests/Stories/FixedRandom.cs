namespace Gache.Raft.Tests;

/// <summary>Draws the lowest number allowed plus a fixed offset of the node's own: timeouts that a story can count, and that never meet.</summary>
internal sealed class FixedRandom(int offset) : Random
{
    public override int Next(int minValue, int maxValue) => Math.Min(minValue + offset, maxValue - 1);
}

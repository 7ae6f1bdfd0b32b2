namespace Gache.Simulation;

/// <summary>Which machines the network lets reach which, each direction for itself.</summary>
public sealed class Lines
{
    private readonly HashSet<(string From, string To)> cut = [];

    /// <summary>Raised after any line was cut or healed.</summary>
    public event Action? Changed;

    /// <summary>True if something sent at one address can reach the other.</summary>
    public bool IsOpen(string from, string to) => cut.Count == 0 || !cut.Contains((from, to));

    /// <summary>Cuts one direction.</summary>
    public void CutOneWay(string from, string to)
    {
        if (from != to && cut.Add((from, to))) Changed?.Invoke();
    }

    /// <summary>Cuts both directions.</summary>
    public void Cut(string one, string other)
    {
        CutOneWay(one, other);
        CutOneWay(other, one);
    }

    /// <summary>Cuts every line between the two sides.</summary>
    public void Split(IReadOnlyCollection<string> side, IReadOnlyCollection<string> otherSide)
    {
        foreach (string one in side)
        {
            foreach (string other in otherSide) Cut(one, other);
        }
    }

    /// <summary>Opens every line.</summary>
    public void Heal()
    {
        if (cut.Count == 0) return;
        cut.Clear();
        Changed?.Invoke();
    }
}
